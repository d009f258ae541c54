import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DefaultTheme, defineConfig } from 'vitepress';
import { withMermaid } from 'vitepress-plugin-mermaid';
import { languages } from './languages.mjs';

const reference = (folder: string): DefaultTheme.SidebarItem[] =>
  readdirSync(join(import.meta.dirname, '..', 'reference', folder)).filter((name) => name !== 'index.md').sort()
    .map((name) => ({ text: name.replace(/\.md$/, ''), link: `/reference/${folder}/${name.replace(/\.md$/, '')}` }));

export default withMermaid(defineConfig({
  title: 'cdk-model-rollout',
  description: 'AWS CDK constructs for progressive delivery of machine-learning models: canary, blue/green and shadow deployments that roll back by themselves.',
  lang: 'en',
  cleanUrls: true,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }]],
  lastUpdated: false,
  // Built twice from one commit, the site is the same.
  outDir: '../.cache/site',
  cacheDir: '../.cache/vitepress',
  vite: { plugins: [languages()] },
  themeConfig: {
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/guides/models', activeMatch: '/guides/' },
      { text: 'Operations', link: '/operations', activeMatch: '/operations|/troubleshooting|/faults' },
      { text: 'Reference', link: '/reference/api/', activeMatch: '/reference/' },
    ],
    sidebar: [
      { text: 'Start', items: [
        { text: 'From nothing to a rolled-back model', link: '/start' },
        { text: 'Concepts', link: '/concepts' },
        { text: 'Choosing a strategy', link: '/choosing-a-strategy' },
        { text: 'The demo', link: '/demo' },
      ] },
      { text: 'Guides', items: [
        { text: 'Models', link: '/guides/models' },
        { text: 'Shared and scarce capacity', link: '/guides/shared-capacity' },
        { text: 'Containers', link: '/guides/containers' },
        { text: 'ModelEndpoint', link: '/guides/model-endpoint' },
        { text: 'Streaming', link: '/guides/streaming' },
        { text: 'Language models', link: '/guides/language-models' },
        { text: 'OpenAI\'s shape', link: '/guides/openai' },
        { text: 'Conversations and cohorts', link: '/guides/conversations' },
        { text: 'Canary', link: '/guides/canary' },
        { text: 'Blue/green', link: '/guides/blue-green' },
        { text: 'Lambda aliases', link: '/guides/direct' },
        { text: 'Amazon ECS and alarms', link: '/guides/ecs' },
        { text: 'Shadow', link: '/guides/shadow' },
        { text: 'Replay', link: '/guides/replay' },
        { text: 'Labels and feedback', link: '/guides/feedback' },
        { text: 'Inference log', link: '/guides/inference-log' },
        { text: 'Guardrails', link: '/guides/guardrails' },
        { text: 'Evidence', link: '/guides/evidence' },
        { text: 'Evidence for an audit', link: '/guides/audit' },
        { text: 'Rehearsal', link: '/guides/rehearsal' },
        { text: 'A plan from traffic', link: '/guides/plan-from-traffic' },
        { text: 'Costs', link: '/guides/costs' },
        { text: 'The command line', link: '/guides/command-line' },
        { text: 'In CI', link: '/guides/ci' },
        { text: 'Stacks, stages and accounts', link: '/guides/stacks-and-accounts' },
        { text: 'Moving from SageMaker', link: '/moving-from-sagemaker' },
        { text: 'Moving from CodeDeploy', link: '/moving-from-codedeploy' },
        { text: 'Security', link: '/guides/security' },
      ] },
      { text: 'Operations', items: [
        { text: 'Runbook', link: '/operations' },
        { text: 'Troubleshooting', link: '/troubleshooting' },
        { text: 'What happens when something fails', link: '/faults' },
      ] },
      { text: 'Explanations', items: [
        { text: 'How it works', link: '/how-it-works' },
        { text: 'How it decides', link: '/how-it-decides' },
        { text: 'What is verified', link: '/verification' },
        { text: 'Comparison with others', link: '/comparison' },
        { text: 'Benchmarks', link: '/benchmarks' },
      ] },
      { text: 'Reference', items: [
        { text: 'Command', link: '/reference/command/', collapsed: true, items: reference('command') },
        { text: 'Metrics', link: '/reference/names/metrics' },
        { text: 'Headers', link: '/reference/names/headers' },
        { text: 'Errors', link: '/reference/names/errors' },
        { text: 'Events', link: '/reference/names/events' },
        { text: 'Limits', link: '/reference/names/limits' },
        { text: 'Permissions', link: '/reference/names/permissions' },
        { text: 'API', link: '/reference/api/', collapsed: true, items: reference('api') },
      ] },
    ],
  },
}));
