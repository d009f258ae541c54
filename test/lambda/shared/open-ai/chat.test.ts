import { toCompletion } from '../../../../lambda/shared/open-ai/chat-answer';
import { isChatRequest, toConverse } from '../../../../lambda/shared/open-ai/chat-request';
import { ChatStream } from '../../../../lambda/shared/open-ai/chat-stream';

const HEAD = { id: 'chatcmpl-1', created: 1, model: 'live' };
const user = { role: 'user', content: 'Hi' };
const asked = (more: object, messages: unknown = [user]): object => toConverse({ model: 'live', messages, ...more });
const said = (more: object): unknown => (asked(more) as { body: unknown }).body;
const HI = { role: 'user', content: [{ text: 'Hi' }] };

describe('a request', () => {
  test('is of the shape where it names a model: Converse\'s do not', () => {
    expect(isChatRequest({ model: 'live', messages: [] })).toBe(true);
    expect([{ messages: [] }, { model: 'live', input: 'x' }, [], null, 'x'].some(isChatRequest)).toBe(false);
  });

  test.each<[string, object, object]>([
    ['nothing', {}, {}],
    ['max_tokens', { max_tokens: 5 }, { inferenceConfig: { maxTokens: 5 } }],
    ['max_completion_tokens, which wins', { max_tokens: 5, max_completion_tokens: 7 }, { inferenceConfig: { maxTokens: 7 } }],
    ['temperature, top_p and a stop', { temperature: 0, top_p: 0.5, stop: 'END' }, { inferenceConfig: { temperature: 0, topP: 0.5, stopSequences: ['END'] } }],
    ['stops', { stop: ['a', 'b'] }, { inferenceConfig: { stopSequences: ['a', 'b'] } }],
    ['what means nothing', { n: 1, user: 'u', metadata: { a: 'b' }, frequency_penalty: 0, logprobs: false, seed: null, store: false, response_format: { type: 'text' } }, {}],
    ['a schema', { response_format: { type: 'json_schema', json_schema: { name: 'intent', schema: { type: 'object' }, strict: true } } },
      { outputConfig: { textFormat: { type: 'json_schema', structure: { jsonSchema: { name: 'intent', schema: '{"type":"object"}' } } } } }],
    ['effort', { reasoning_effort: 'low' }, { outputConfig: { effort: 'low' } }],
    ['Converse\'s own', { additionalModelRequestFields: { top_k: 5 }, promptVariables: { a: { text: 'b' } } }, { additionalModelRequestFields: { top_k: 5 }, promptVariables: { a: { text: 'b' } } }],
    ['tools', { tools: [{ type: 'function', function: { name: 'f', description: 'd', strict: true, parameters: { type: 'object' } } }], tool_choice: 'required' },
      { toolConfig: { tools: [{ toolSpec: { name: 'f', description: 'd', strict: true, inputSchema: { json: { type: 'object' } } } }], toolChoice: { any: {} } } }],
    ['a tool by name', { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: { type: 'function', function: { name: 'f' } } },
      { toolConfig: { tools: [{ toolSpec: { name: 'f', inputSchema: { json: { type: 'object', properties: {} } } } }], toolChoice: { tool: { name: 'f' } } } }],
    ['no tool', { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'none' }, {}],
  ])('says %s', (_, more, expected) => {
    expect(said(more)).toEqual({ messages: [HI], ...expected });
  });

  test('has turns: what tools answer and the user says next are one', () => {
    const messages = [
      { role: 'system', content: 'S' }, { role: 'developer', content: [{ type: 'text', text: 'D' }] },
      { role: 'user', content: [{ type: 'text', text: 'Look' }, { type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA' } }] },
      { role: 'assistant', content: null, tool_calls: [
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{"id":12345678901234567890}' } }, { id: 'b', type: 'function', function: { name: 'g', arguments: '' } },
      ] },
      { role: 'tool', tool_call_id: 'a', content: '1' }, { role: 'tool', tool_call_id: 'b', content: [{ type: 'text', text: '2' }] }, { role: 'user', content: 'And?' },
    ];
    expect(asked({}, messages)).toMatchObject({ body: {
      system: [{ text: 'S' }, { text: 'D' }],
      messages: [
        { role: 'user', content: [{ text: 'Look' }, { image: { format: 'jpeg', source: { bytes: 'AAAA' } } }] },
        { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'f', input: { id: 12345678901234567890n } } }, { toolUse: { toolUseId: 'b', name: 'g', input: {} } }] },
        { role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [{ text: '1' }] } }, { toolResult: { toolUseId: 'b', content: [{ text: '2' }] } }, { text: 'And?' }] },
      ],
    } });
  });

  test.each<[string, object, unknown?]>([
    ['n', { n: 2 }], ['seed', { seed: 7 }], ['logprobs', { logprobs: true }], ['parallel_tool_calls', { parallel_tool_calls: false }], ['frequency_penalty', { frequency_penalty: 0.5 }],
    ['response_format', { response_format: { type: 'json_object' } }], ['stop', { stop: 5 }], ['max_tokens', { max_tokens: '5' }],
    ['tools', { tools: {} }], ['tools[0]', { tools: [{ type: 'custom', custom: { name: 'f' } }] }], ['tool_choice', { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'any' }],
    ['messages', {}, 'Hi'], ['messages[0]', {}, ['Hi']], ['messages[0]', {}, [{ role: 'user', content: '' }]], ['messages[0].role', {}, [{ role: 'function', content: 'x' }]],
    ['messages[1]', {}, [user, { role: 'system', content: 'late' }]], ['messages[0].content[0]', {}, [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] }]],
    ['messages[0].content[0]', {}, [{ role: 'user', content: [{ type: 'input_audio' }] }]], ['messages[0].tool_call_id', {}, [{ role: 'tool', content: 'x' }]],
    ['messages[0].tool_calls[0]', {}, [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '[]' } }] }]],
    ['tool_choice', { tool_choice: 'none' }, [{ role: 'assistant', tool_calls: [{ id: 'a', function: { name: 'f', arguments: '{}' } }] }]],
  ])('that Converse cannot express is a mistake of its caller: %s', (param, more, messages = [user]) => {
    expect(asked(more, messages)).toMatchObject({ kind: 'failure', class: 'caller', code: 'MALFORMED_REQUEST', param, message: expect.stringContaining(`${param}: `) as string });
  });
});

describe('an answer', () => {
  const answer = (content: object[], stopReason: string, usage: object = {}): unknown => toCompletion({ output: { message: { role: 'assistant', content } }, stopReason, usage }, HEAD);

  test.each([
    ['end_turn', 'stop'], ['stop_sequence', 'stop'], ['max_tokens', 'length'], ['tool_use', 'tool_calls'], ['guardrail_intervened', 'content_filter'],
    ['content_filtered', 'content_filter'], ['malformed_tool_use', 'malformed_tool_use'],
  ])('that ended by %s did so by %s', (word, reason) => {
    expect(answer([{ text: 'a' }, { text: 'b' }], word)).toMatchObject({ choices: [{ finish_reason: reason, message: { content: 'ab' } }] });
  });

  test('has reasoning apart, no text where there is none, and tokens of caches among those that went in', () => {
    expect(answer([{ reasoningContent: { reasoningText: { text: 'hm' } } }], 'end_turn', { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheWriteInputTokens: 4 })).toMatchObject({
      object: 'chat.completion', choices: [{ message: { content: null, reasoning_content: 'hm' } }],
      usage: { prompt_tokens: 8, completion_tokens: 2, total_tokens: 10, prompt_tokens_details: { cached_tokens: 3 } },
    });
  });
});

describe('a stream', () => {
  const EVENTS = [
    { messageStart: { role: 'assistant' } }, { contentBlockDelta: { delta: { reasoningContent: { text: 'hm' } }, contentBlockIndex: 0 } }, { contentBlockDelta: { delta: { text: 'Grüße 🙂' }, contentBlockIndex: 1 } },
    { contentBlockStop: { contentBlockIndex: 1 } },
    { contentBlockStart: { start: { toolUse: { toolUseId: 'a', name: 'f' } }, contentBlockIndex: 2 } }, { contentBlockDelta: { delta: { toolUse: { input: '{}' } }, contentBlockIndex: 2 } },
    { contentBlockStart: { start: { toolUse: { toolUseId: 'b', name: 'g' } }, contentBlockIndex: 3 } }, { contentBlockDelta: { delta: { toolUse: { input: '{"x":1}' } }, contentBlockIndex: 3 } },
    { messageStop: { stopReason: 'tool_use' } }, { metadata: { usage: { inputTokens: 1, outputTokens: 2 } } },
  ];
  const wire = (events: object[]): Buffer => Buffer.from(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
  const through = (parts: Uint8Array[], includeUsage = false): string => {
    const stream = new ChatStream(HEAD, includeUsage);
    return Buffer.concat([...parts.map((part) => stream.add(part)), stream.end()]).toString();
  };
  const chunksOf = (text: string): { choices: { delta: object }[]; usage?: object | null }[] =>
    text.split('\n\n').slice(0, -2).map((event) => JSON.parse(event.slice('data: '.length)) as never);

  test('is the same wherever its bytes are divided', () => {
    const bytes = wire(EVENTS);
    const whole = through([bytes]);
    for (let at = 0; at <= bytes.length; at++) {
      expect(through([bytes.subarray(0, at), bytes.subarray(at)])).toBe(whole);
    }
    expect(whole.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(chunksOf(whole).map(({ choices: [{ delta }] }) => delta)).toEqual([
      { role: 'assistant', content: '' }, { reasoning_content: 'hm' }, { content: 'Grüße 🙂' },
      { tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }] }, { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      { tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '' } }] }, { tool_calls: [{ index: 1, function: { arguments: '{"x":1}' } }] }, {},
    ]);
    expect(chunksOf(whole).at(-1)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }], usage: { prompt_tokens: 1, completion_tokens: 2 } });
  });

  test('has its usage in a part of its own where the caller asks for it', () => {
    const chunks = chunksOf(through([wire(EVENTS)], true));
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  test('has its reason also where no usage comes', () => {
    expect(chunksOf(through([wire(EVENTS.slice(0, -1))])).at(-1)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
  });
});
