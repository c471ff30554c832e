"""From a file to trusted records: readers, typing, checks, quarantine, identity, splits."""
