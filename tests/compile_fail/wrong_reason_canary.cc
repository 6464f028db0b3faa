// Its bad branch fails for another reason than it says: check.py must refuse it.
#if BAD == 1  // expect: use of deleted function
int number = unknown;
#endif
