"""Unattended retraining: a challenger built apart, compared with the champion, released or kept."""
