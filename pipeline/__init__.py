"""Clinical risk models, phenotypes and explained offline reports from validated patient records."""
