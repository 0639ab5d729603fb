"""The tests, as a package of this house: a library that installs one of the same name does not stand before it."""
