"""How well a network tells what is on images, and what it adds to the rest of the record."""
