"""Why the model says what it says: exact attributions, risk factors, what could be changed."""
