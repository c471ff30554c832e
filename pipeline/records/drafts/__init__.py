"""A schema drafted from a table: what each column holds, what part it plays, and the file that says so."""
