import { fileURLToPath } from 'node:url';

/** Material shared beside the repository: parity models, reference numbers. It may not be there. */
export const sharedFolder = process.env.PLUMBLINE_SHARED ?? fileURLToPath(new URL('../../../shared', import.meta.url));
