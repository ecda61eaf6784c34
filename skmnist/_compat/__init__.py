"""The one door to private names of other libraries, and to what their older versions lack.

Each name has a reason here, and a test: `tests/test_compat.py` sees that they are still there and
do what they are used for. The rest of the package uses public names, and what its classes inherit.
Nothing is loaded until a module of this package is.
"""
