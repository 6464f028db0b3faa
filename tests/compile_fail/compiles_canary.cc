// Its bad branch compiles: check.py must refuse it.
#if BAD == 1  // expect: error
int number = 1;
#endif
