"""The made-up parts: families of packages, real footprints, and the dimensions each is printed with."""
