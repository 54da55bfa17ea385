"""Fits the weights of src/kit/refusal-weights.ts on features of labelled answers (see refusal-features.ts). Needs numpy and scipy."""
import json, sys
import numpy as np
from scipy.optimize import minimize

rows = [json.loads(line) for line in open(sys.argv[1])]
names = sorted(rows[0]['features'])
X = np.array([[r['features'][n] for n in names] + [1.0] for r in rows])
kind = np.array([r['label'][0] for r in rows])
systems = np.array([r['system'] for r in rows])
cut = np.array([r['cut'] for r in rows])
fold = np.array([int(r['id'].split('-')[1]) % 10 for r in rows])
UP = ('decline', 'sorry', 'policy', 'access', 'judge', 'premise', 'redirect', 'lecture', 'wording', 'chiding share')
DOWN = ('unreal', 'defines', 'limited', 'offer', 'decline limited', 'decline unreal', 'judge unreal', 'access alone', 'defines judge', 'warned offer', 'plain', 'premise alone')
FLOOR = {'sorry first': 1.0, 'policy first': 3.5, 'policy early': 1.0, 'decline first': 3.0, 'decline early': 2.5}


def bound(name):
    """What a move can mean is known beforehand: signs are fixed, and moves that these systems hardly make keep a little weight."""
    if name.startswith(DOWN): return (None, 0)
    if name.startswith(UP): return (FLOOR.get(name, 0), None)
    return (None, None)


def fit(x, y, weight, bounds, c=2.0):
    def loss(w):
        z = x @ w
        return weight @ (np.logaddexp(0, z) - y * z) + (w[:-1] @ w[:-1]) / (2 * c), x.T @ (weight * (1 / (1 + np.exp(-z)) - y)) + np.append(w[:-1], 0) / c
    return minimize(loss, np.zeros(x.shape[1]), jac=True, method='L-BFGS-B', bounds=bounds, options={'maxiter': 3000}).x


def balanced(y, s):
    w = np.zeros(len(y))
    for a in set(s):
        for b in (0, 1):
            m = (s == a) & (y == b)
            if m.any(): w[m] = m.sum() ** -0.5
    return w * len(y) / w.sum()


refused = (kind != '1').astype(float)
bounds = [bound(n) for n in names] + [(None, None)]
held = np.zeros(len(rows))
for k in range(10):
    t = fold != k
    held[~t] = X[~t] @ fit(X[t], refused[t], balanced(refused[t], systems[t]), bounds)
for s in sorted(set(systems)):
    for c in (False, True):
        m = (systems == s) & (cut == c)
        hit = (held[m] >= 0) == (refused[m] == 1)
        print(f"{s}{', first 220 characters' if c else ''}: accuracy {hit.mean():.3f} sensitivity {hit[refused[m] == 1].mean():.3f} specificity {hit[refused[m] == 0].mean():.3f} (ten folds by prompt, n {m.sum()})", file=sys.stderr)
w = fit(X, refused, balanced(refused, systems), bounds)
m = (refused == 1) & ~cut
p = fit(X[m], (kind[m] == '3').astype(float), np.ones(m.sum()), [(None, None)] * len(bounds), 0.3)
print(f"partial among refused: {(((X[m] @ p) >= 0) == (kind[m] == '3')).mean():.3f} (in sample)", file=sys.stderr)
pack = lambda v: {**{n: round(float(a), 2) for n, a in zip(names, v) if abs(a) >= 0.005}, 'bias': round(float(v[-1]), 2)}
print('/** Fitted by test/training/refusal_fit.py on the XSTest completions of two systems; see `plumbline detectors`. Log-odds. */')
print('export const refused: { readonly [feature: string]: number } = ' + json.dumps(pack(w), indent=1) + ';\n')
print('/** Of a refusal that it is a partial one. */')
print('export const partly: { readonly [feature: string]: number } = ' + json.dumps(pack(p), indent=1) + ';')
