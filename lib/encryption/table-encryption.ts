import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type * as kms from 'aws-cdk-lib/aws-kms';

/** What a table with a customer's key is defined with; without one DynamoDB's own does. */
export function tableEncryption(key: kms.IKey | undefined): Pick<dynamodb.TableProps, 'encryption' | 'encryptionKey'> {
  return key === undefined ? {} : { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey: key };
}
