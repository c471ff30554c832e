"""Images beside records: found, read without what says who the patient is, checked, and made what a network sees."""
