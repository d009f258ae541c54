import { configure } from '@codegenie/serverless-express';
import { app } from './express-app.mjs';

export const handler = configure({ app });
