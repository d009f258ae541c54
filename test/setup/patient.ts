// No test is about the clock of the machine: on a busy one the runner's five seconds alone make tests fail. What hangs ends all the same.
jest.setTimeout(1_200_000);
