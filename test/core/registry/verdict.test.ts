import { type EndedRollout, registryVerdict } from '../../../lib/core/registry/verdict';

const ended = (outcome: EndedRollout['outcome']): EndedRollout => ({
  rollout: '5b0f', alias: 'fraud/live', outcome, evidence: 's3://evidence/fraud/live/5b0f/seal.json',
});
const promoted = ended({ result: 'promoted', sentence: 'promoted: 9,000 requests' });
const rejected = ended({ result: 'rolled back', sentence: 'rolled back: errors: 3 times as often', rejects: true });
const stopped = ended({ result: 'rolled back', sentence: 'rolled back: stopped by ann' });

test('a promoted package stays approved, and says by what evidence', () => {
  expect(registryVerdict({ approval: 'Approved' }, promoted)).toEqual({
    approval: 'Approved',
    update: {
      ApprovalDescription: 'model-rollout 5b0f of fraud/live: promoted: 9,000 requests Evidence: s3://evidence/fraud/live/5b0f/seal.json',
    },
  });
});

test('one that was found bad is rejected, and one whose rollout was only stopped is not', () => {
  expect(registryVerdict({ approval: 'Approved', description: 'looks good, ada' }, rejected)).toMatchObject({
    approval: 'Rejected', update: { ModelApprovalStatus: 'Rejected', ApprovalDescription: expect.stringContaining('3 times as often') },
  });
  const { approval, update } = registryVerdict({ approval: 'Approved' }, stopped);
  expect([approval, update]).toEqual(['Approved', { ApprovalDescription: expect.stringContaining('stopped by ann') }]);
});

test('a second time nothing is written', () => {
  for (const end of [promoted, rejected, stopped]) {
    const first = registryVerdict({ approval: 'Approved' }, end);
    expect(registryVerdict({ approval: first.approval, description: first.update!.ApprovalDescription }, end)).toEqual({
      approval: first.approval,
    });
  }
});

test('what a person has rejected is never approved, nor are the words changed', () => {
  const known = { approval: 'Rejected', description: 'not fair, ada' };
  expect(registryVerdict(known, promoted)).toEqual({ approval: 'Rejected', problem: expect.stringContaining('somebody has rejected') });
  expect(registryVerdict(known, rejected)).toEqual({ approval: 'Rejected' });
});

test('what only a rollout has rejected is approved again by one that promotes it', () => {
  const { approval, update } = registryVerdict({ approval: 'Approved' }, rejected);
  expect(registryVerdict({ approval, description: update!.ApprovalDescription }, { ...promoted, rollout: '6c' })).toMatchObject({
    approval: 'Approved', update: { ModelApprovalStatus: 'Approved' },
  });
});

test('an approval that somebody has taken back is not given', () => {
  const { approval, problem, update } = registryVerdict({ approval: 'PendingManualApproval' }, promoted);
  expect([approval, problem, update?.ModelApprovalStatus]).toEqual(['PendingManualApproval', expect.stringContaining('taken'), undefined]);
});

test('a long sentence over several lines is one line of what the registry takes, with the address of the evidence', () => {
  const long = ended({ result: 'rolled back', sentence: 'errors:\n'.repeat(500), rejects: true });
  const text = registryVerdict({ approval: 'Approved' }, long).update!.ApprovalDescription;
  expect(text).toHaveLength(1_024);
  expect(text).toMatch(/^model-rollout 5b0f of fraud\/live: rolled back: errors: [^\n]+… Evidence: s3:\/\/evidence\/fraud\/live\/5b0f\/seal\.json$/);
});
