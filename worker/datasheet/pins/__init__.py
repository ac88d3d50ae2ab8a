"""Which name every pin has, from the tables and the figures that print them."""
