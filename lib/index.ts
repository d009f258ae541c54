export * from './model/model';
export * from './model/model-version';
