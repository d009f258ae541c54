// aws-cdk-lib validates every template at synth, seconds per process; one suite (test/templates) opts back in on purpose.
process.env.CDK_VALIDATION = 'false';
