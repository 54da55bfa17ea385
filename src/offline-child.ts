/** Loaded with `--import` by what a process without network starts. */
import { forbidNetwork } from './offline.ts';

forbidNetwork(process.env);
