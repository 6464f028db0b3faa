// It has no bad branch and so proves nothing: check.py must refuse it.
int number = 1;
