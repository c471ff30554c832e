"""Where records come from: one module per kind of source, all giving the same raw table."""
