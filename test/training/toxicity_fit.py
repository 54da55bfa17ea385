"""Trains src/kit/toxicity.json.gz: `python test/training/toxicity_fit.py <shared> src/kit/toxicity.json.gz`. Needs numpy, scipy and scikit-learn.

Two logistic regressions on hashed features (words, word pairs, characters within words; group names masked): one of explicit toxicity, on the public
scores of RealToxicityPrompts (Gehman et al. 2020; carrier CC BY-SA 4.0); one of hate towards groups, on ToxiGen's demonstrations (Hartvigsen et al.
2022, MIT), the scored texts that mention people, and neutral sentences of our own. The second only speaks where a group, or "they", is named.
"""
import base64, glob, gzip, hashlib, json, os, re, sys, unicodedata
import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

BITS = 18
GROUPS = '''asian asians asian-american black blacks african africans african-american latino latinos latina latinas latinx hispanic hispanics mexican mexicans chinese china mexico japanese korean koreans indian indians indigenous native natives tribe tribes tribal jew jews jewish judaism muslim muslims islam islamic moslem moslems arab arabs arabic iranian iran iraqi iraq syrian turkish turks pakistani afghan christian christians hindu hindus buddhist buddhists sikh sikhs atheist atheists catholic catholics gay gays lesbian lesbians homosexual homosexuals homosexuality bisexual bisexuals bisexuality bi pansexual queer queers trans transgender transsexual lgbt lgbtq nonbinary non-binary straight heterosexual immigrant immigrants immigration migrant migrants refugee refugees foreigner foreigners woman women man men girl girls boy boys female females male males disabled disability disabilities handicapped wheelchair wheelchairs blind deaf autistic autism adhd depression bipolar schizophrenia schizophrenic mental mentally physically illness disorder disorders white whites european europeans american americans french german germans polish italian italians irish russian russians roma gypsy vietnamese filipino nigerian somali moroccan egyptian elderly seniors millennials teenagers poor homeless'''.split()
THEY = 'they them their those these'.split()
PEOPLE = ['Asian people', 'Black people', 'Latinos', 'Mexicans', 'Chinese people', 'Native Americans', 'Jews', 'Muslims', 'Arabs', 'Christians', 'Hindus', 'gay men', 'lesbians', 'bisexual people', 'trans women', 'immigrants', 'refugees', 'women', 'disabled people', 'blind people', 'autistic people', 'people with depression', 'white people', 'elderly people']
NEUTRAL = ['{} live on our street and greet us in the morning.', 'Many {} like to cook with their families.', 'I met some {} at the library yesterday.', 'The new film is about {} who run a bakery.', '{} work as doctors, teachers and engineers.', 'They are {} and they enjoy music.', 'My friends are {} and we play chess on Sundays.', 'A group of {} opened a bookshop in town.', 'There is a long history of {} in this city.', 'Some {} vote early and some vote late.', 'The survey asked {} about public transport.', '{} have the same rights as everyone else.', 'She writes novels about {} in the last century.', 'The festival was organised by {} and their neighbours.', 'Doctors should listen to {} carefully.', '{} often face unfair treatment when they look for a flat.', 'Those {} won the science prize last year.', 'I am proud to work with {} every day.', 'The museum shows paintings by {}.', 'These {} are our neighbours and we like them.']


def tokens(text):
    t = unicodedata.normalize('NFKC', text).replace('\u2019', "'").lower()
    t = re.sub(r'https?://\S+', ' ', t)
    t = re.sub(r'middle[- ]eastern(?:er)?s?|middle east', ' arab ', t)
    t = re.sub(r'native americans?', ' native ', t)
    t = re.sub(r'african[- ]americans?', ' african ', t)
    return re.findall(r"[^\W_]+(?:['*@$-][^\W_]+|\*+[^\W_]*)*|[!?]+|[^\w\s]", t)


def fnv(s):
    h = 0x811c9dc5
    units = s.encode('utf-16-le')
    for i in range(0, len(units), 2): h = ((h ^ (units[i] | units[i + 1] << 8)) * 0x01000193) & 0xffffffff
    return h & ((1 << BITS) - 1)


def features(text):
    masked = ['<g>' if w in set(GROUPS) else w for w in tokens(text)]
    framed = ['^', *masked, '$']
    words = ['1:' + w for w in masked] + ['2:' + ' '.join(framed[i:i + 2]) for i in range(len(framed) - 1)]
    chars = []
    for w in masked:
        if w == '<g>': continue
        s = f' {w} '
        for n in range(2, 6): chars += ['c:' + s[i:i + n] for i in range(len(s) - n + 1)]
    return list(dict.fromkeys(words)), list(dict.fromkeys(chars))


def matrix(texts):
    rows, cols, values = [], [], []
    for i, text in enumerate(texts):
        for part in features(text):
            for f in part: rows.append(i); cols.append(fnv(f)); values.append(len(part) ** -0.5)
    return csr_matrix((values, (rows, cols)), shape=(len(texts), 1 << BITS))


def prompts(shared):
    for name in ('toxic', 'nontoxic'):
        for line in gzip.open(f'{shared}/data/realtoxicityprompts/{name}.jsonl.gz'):
            row = json.loads(line)
            held = int(hashlib.sha256(row['filename'].encode()).hexdigest(), 16) % 5 == 0
            for part in ('prompt', 'continuation'):
                if row[part].get('toxicity') is not None: yield row[part]['text'].strip(), row[part]['toxicity'], held, part


def toxigen(shared):
    seen = set()
    for path in sorted(glob.glob(f'{shared}/data/toxigen/demonstrations/*/*.txt')):
        name = os.path.basename(path)
        group = re.sub(r'^(hate|neutral)_|(_sentences)?\.txt$', '', name)
        for line in open(path):
            if line.strip() and line.strip() not in seen:
                seen.add(line.strip())
                yield line.strip(), int(name.startswith('hate')), group


def fit(x, y, w, c): return LogisticRegression(C=c, max_iter=500).fit(x, y, sample_weight=w)


def both(x, p, extra=(), weights=()):
    """A soft label p becomes two rows, weighing p and 1 - p."""
    return vstack([x, x, *[e for e, _ in extra]]), np.concatenate([np.ones(len(p)), np.zeros(len(p)), *[y for _, y in extra]]), np.concatenate([p, 1 - p, *weights])


def main(shared, out):
    R, T = list(prompts(shared)), list(toxigen(shared))
    score, held = np.array([r[1] for r in R]), np.array([r[2] for r in R])
    is_prompt = np.array([r[3] == 'prompt' for r in R])
    names = {*GROUPS, *THEY}
    about = lambda t: any(w in names for w in tokens(t))
    aR, aT = np.array([about(r[0]) for r in R]), np.array([about(t[0]) for t in T])
    yT, gT = np.array([t[1] for t in T]), np.array([t[2] for t in T])
    neutral = [template.format(people)[:1].upper() + template.format(people)[1:] for template in NEUTRAL for people in PEOPLE]
    xR, xT, xN = matrix([r[0] for r in R]), matrix([t[0] for t in T]), matrix(neutral)
    p = 1 / (1 + np.exp(-10 * (score - 0.5)))
    zeros, light = np.zeros(len(neutral)), np.full(len(neutral), 0.5)

    k = np.flatnonzero(~held)
    first = fit(*both(xR[k], p[k], [(xN, zeros)], [light * 0.2]), 30)
    k = np.flatnonzero(~held & aR)
    second_of = lambda q: fit(*both(xR[k], p[k], [(xT[q], yT[q]), (xN, zeros)], [np.full(q.sum(), 2.0), light]), 10)
    combine = lambda a, b, about: np.where(about, np.maximum(a, b - OFFSET), a)

    out_of_group = np.zeros(len(T))
    for g in sorted(set(gT)):
        q = gT == g
        out_of_group[q] = combine(first.decision_function(xT[q]), second_of(~q).decision_function(xT[q]), aT[q])
    second = second_of(np.ones(len(T), bool))
    d = combine(first.decision_function(xR[held]), second.decision_function(xR[held]), aR[held])
    y, ip = score[held] >= 0.5, is_prompt[held]
    count = lambda y, d: f'positives {int(y.sum())} found {int(((d >= 0) & y).sum())} negatives {int((~y).sum())} clean {int(((d < 0) & ~y).sum())}'
    print(f'RealToxicityPrompts held out: AUROC prompts {roc_auc_score(y[ip], d[ip]):.4f}, prompts and continuations {roc_auc_score(y, d):.4f}; prompts {count(y[ip], d[ip])}')
    print(f'ToxiGen, leaving a group out: AUROC {roc_auc_score(yT, out_of_group):.4f}; {count(yT == 1, out_of_group)}')
    print(f'ToxiGen by the head trained on RealToxicityPrompts alone: AUROC {roc_auc_score(yT, first.decision_function(xT)):.4f}')

    def packed(model):
        w = model.coef_[0]
        scale = float(np.abs(w).max()) / 127
        return {'scale': round(scale, 8), 'bias': round(float(model.intercept_[0]), 6), 'weights': base64.b64encode(np.round(w / scale).astype(np.int8).tobytes()).decode()}

    model = {'format': 1, 'bits': BITS, 'offset': OFFSET, 'groups': GROUPS, 'they': THEY, 'explicit': packed(first), 'hate': packed(second)}
    with open(out, 'wb') as f: f.write(gzip.compress(json.dumps(model).encode(), 9, mtime=0))
    print(f'{os.path.getsize(out)} bytes, sha256 {hashlib.sha256(open(out, "rb").read()).hexdigest()[:16]}')


OFFSET = 1.0
if __name__ == '__main__': main(sys.argv[1], sys.argv[2])
