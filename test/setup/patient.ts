// No test is about the clock of the machine: on a busy one the runner's five seconds alone make tests fail.
jest.setTimeout(300_000);
