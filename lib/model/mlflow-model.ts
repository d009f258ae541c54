import { Token } from 'aws-cdk-lib/core';
import { mlflowProblems, type MlflowQuery } from '../core/registry/pinned-mlflow-model';

/** A version of a model that is registered with MLflow, or the way to find one. */
export class MlflowModel {
  /**
   * The version that has an alias at the time when it was looked up. An alias that is moved later changes nothing here until you look it
   * up again.
   *
   * @param server address of the tracking server, such as `https://mlflow.example.com`, or ARN of a tracking server or app of SageMaker
   * @param name name of the registered model
   * @param alias such as `champion`
   */
  public static fromAlias(server: string, name: string, alias: string): MlflowModel {
    return new MlflowModel({ server, model: name, alias });
  }

  /**
   * One version.
   *
   * @param server address of the tracking server, such as `https://mlflow.example.com`, or ARN of a tracking server or app of SageMaker
   * @param name name of the registered model
   * @param version number of the version, from 1
   */
  public static fromVersion(server: string, name: string, version: number): MlflowModel {
    return new MlflowModel({ server, model: name, version });
  }

  private constructor(
    /**
     * What is looked for.
     *
     * @internal
     */
    public readonly _query: MlflowQuery,
  ) {}

  /**
   * What MLflow would not take.
   *
   * @internal
   */
  public _problems(): string[] {
    return Object.values(this._query).some((value) => Token.isUnresolved(value))
      ? ['server, name, version or alias of the MLflow model are known only at deployment; give their values']
      : mlflowProblems(this._query);
  }
}
