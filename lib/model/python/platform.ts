import * as lambda from 'aws-cdk-lib/aws-lambda';

/** The Python, the processor and the C library that a function runs on, which its libraries must fit. */
export interface Platform {
  /** Such as `3.13`. */
  readonly python: string;
  readonly machine: 'x86_64' | 'aarch64';
  /** Minor version of glibc 2: a wheel for a newer one cannot be loaded. */
  readonly glibc: number;
  /** The image in which AWS itself builds for the runtime. */
  readonly image: string;
  /** Docker's name of the processor. */
  readonly docker: string;
}

/** Up to Python 3.11, Lambda's runtimes are made from Amazon Linux 2, with glibc 2.26; from 3.12 on from Amazon Linux 2023, with 2.34. */
const AMAZON_LINUX_2_UP_TO = 11;

export function platformOf(runtime: lambda.Runtime, architecture: lambda.Architecture): Platform {
  const python = runtime.name.replace('python', '');
  return {
    python,
    machine: architecture === lambda.Architecture.ARM_64 ? 'aarch64' : 'x86_64',
    glibc: Number(python.split('.')[1]) <= AMAZON_LINUX_2_UP_TO ? 26 : 34,
    image: `public.ecr.aws/sam/build-${runtime.name}:latest-${architecture.dockerPlatform.split('/')[1]}`,
    docker: architecture.dockerPlatform,
  };
}

/** In words, for messages. */
export function describePlatform({ python, machine, glibc }: Platform): string {
  return `Python ${python} on ${machine} Linux with glibc 2.${glibc}`;
}

/** Tags of the wheels that run there, besides those for any platform, best first. */
export function manylinuxTags({ machine, glibc }: Platform): string[] {
  // aarch64 begins with glibc 2.17; x86_64 has 2.5 and 2.12 under names of their own, too.
  const oldest = machine === 'aarch64' ? 17 : 5;
  const tags = Array.from({ length: glibc - oldest + 1 }, (_, i) => `manylinux_2_${glibc - i}`);
  return [...tags, 'manylinux2014', ...(machine === 'aarch64' ? [] : ['manylinux2010', 'manylinux1'])].map((tag) => `${tag}_${machine}`);
}
