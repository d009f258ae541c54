// aws-cdk-lib validates every template at synth, seconds per process; one suite (test/templates) opts back in on purpose.
process.env.CDK_VALIDATION = 'false';
// Of what an app does, most is what no test looks at: it copies every handler into its folder, and has every resource remember where it was
// made, which behind Jest's source maps takes longer than all the rest. What this package makes of it is the same.
process.env.CDK_CONTEXT_JSON = JSON.stringify({ 'aws:cdk:disable-asset-staging': true, 'aws:cdk:disable-creation-stack-traces': true });
