import io.github.cdkmodelrollout.Assignment;
import io.github.cdkmodelrollout.CanaryRollout;
import io.github.cdkmodelrollout.Comparison;
import io.github.cdkmodelrollout.ExpectedValue;
import io.github.cdkmodelrollout.FeedbackGuardrailOptions;
import io.github.cdkmodelrollout.FeedbackOutcome;
import io.github.cdkmodelrollout.Guardrail;
import io.github.cdkmodelrollout.InferenceFeedback;
import io.github.cdkmodelrollout.LatencyGuardrailOptions;
import io.github.cdkmodelrollout.Model;
import io.github.cdkmodelrollout.ModelEndpoint;
import io.github.cdkmodelrollout.PythonFunctionModelOptions;
import io.github.cdkmodelrollout.ShadowMirror;
import io.github.cdkmodelrollout.SmokeTest;
import io.github.cdkmodelrollout.StepsOptions;
import io.github.cdkmodelrollout.TrafficShift;
import java.util.List;
import java.util.Map;
import software.amazon.awscdk.App;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Stack;

public final class FraudApp {
  public static void main(final String[] args) {
    final App app = new App();
    final Stack stack = new Stack(app, "Fraud");

    final ModelEndpoint endpoint = ModelEndpoint.Builder.create(stack, "Endpoint")
        .model(Model.pythonFunction(PythonFunctionModelOptions.builder()
            .entry("../model").memorySize(512).environment(Map.of("CURRENCY", "EUR")).build()))
        .assignment(Assignment.header("x-user-id"))
        .timeout(Duration.seconds(10))
        .build();

    final InferenceFeedback feedback = InferenceFeedback.Builder.create(stack, "Feedback")
        .endpoint(endpoint)
        .outcome(FeedbackOutcome.label("$.label"))
        .build();

    ShadowMirror.Builder.create(stack, "Shadow")
        .endpoint(endpoint)
        .model(Model.pythonFunction(PythonFunctionModelOptions.builder().entry("../model").memorySize(1024).build()))
        .sampleRate(0.1)
        .comparison(Comparison.label("$.label"))
        .build();

    CanaryRollout.Builder.create(stack, "Rollout")
        .endpoint(endpoint)
        .shift(TrafficShift.steps(List.of(5, 25, 50), StepsOptions.builder().bakeTime(Duration.minutes(10)).build()))
        .guardrails(List.of(
            Guardrail.errorRate(),
            Guardrail.latency(LatencyGuardrailOptions.builder().maxRatio(1.2).build()),
            Guardrail.feedback(FeedbackGuardrailOptions.builder().feedback(feedback).labelDelay(Duration.minutes(5)).build())))
        .smokeTests(List.of(SmokeTest.builder()
            .body("{\"amount\": 20}")
            .expect(List.of(ExpectedValue.builder().path("$.label").value("accept").build()))
            .build()))
        .build();

    CfnOutput.Builder.create(stack, "Url").value(endpoint.getUrl()).build();

    app.synth();
  }
}
