/** Bundle one handler as the package ships it. */
export declare function bundleHandler(entryPoint: string, outfile: string): Promise<unknown>;
export function bundleProgram(entryPoint: string, outfile: string): Promise<unknown>;
