"""From a source to trusted records: reading, typing, rules, quarantine, traps, splits; drafts and synthesis."""
