"""Writes test/fixtures/classifiers/: two tiny random text classifiers as ONNX folders, with the probabilities that transformers gives.

Needs torch, transformers, onnx and onnxscript: `python test/reference/classifier.py`.
"""
import json, os
import torch
from tokenizers import BertWordPieceTokenizer
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast, DistilBertConfig, DistilBertForSequenceClassification

ROOT = os.path.join(os.path.dirname(__file__), '..', 'fixtures', 'classifiers')
WORDS = '[PAD] [UNK] [CLS] [SEP] [MASK] the a is are you he she they people stupid idiot hate love nice day what why good bad and not of to in this that . , ! ? \' - un ##s ##ed ##ing ##ly ##er ##est'.split()
LETTERS = [c for c in 'abcdefghijklmnopqrstuvwxyz0123456789'] + ['##' + c for c in 'abcdefghijklmnopqrstuvwxyz0123456789'] + ['你', '好', 'é']
TEXTS = ['You are a stupid idiot!', 'What a nice day.', 'the people are good and the day is nice', 'x', '', '你好, people', 'Café zażółć 🙂', "They're not bad; why hate? " * 30]


def tokenizer(folder):
    vocab = list(dict.fromkeys(WORDS + LETTERS))
    made = BertWordPieceTokenizer({word: i for i, word in enumerate(vocab)}, lowercase=True)
    t = BertTokenizerFast(tokenizer_object=made._tokenizer)
    t.save_pretrained(folder)
    return t, len(vocab)


def write(name, make, labels, problem, inputs):
    folder = os.path.join(ROOT, name)
    os.makedirs(folder, exist_ok=True)
    t, size = tokenizer(folder)
    torch.manual_seed(7)
    model = make(size, dict(enumerate(labels))).eval()
    # Random weights of the usual size hardly tell texts apart.
    with torch.no_grad():
        for p in model.parameters(): p.mul_(25) if p.dim() > 1 else None
    model.config.problem_type = problem
    config = {**model.config.to_dict(), 'id2label': dict(enumerate(labels)), 'label2id': {v: i for i, v in enumerate(labels)}}
    json.dump({k: v for k, v in config.items() if k in ('id2label', 'label2id', 'problem_type', 'max_position_embeddings', 'model_type', 'pad_token_id', 'architectures', 'vocab_size')}, open(os.path.join(folder, 'config.json'), 'w'), indent=1)
    limit = model.config.max_position_embeddings
    reference = []
    for text in TEXTS:
        e = t(text, truncation=True, max_length=limit, return_tensors='pt')
        with torch.no_grad(): z = model(**{k: e[k] for k in inputs}).logits[0]
        p = torch.sigmoid(z) if problem == 'multi_label_classification' else torch.softmax(z, 0)
        reference.append({'text': text, 'ids': e['input_ids'][0].tolist(), 'logits': [round(v, 6) for v in z.tolist()], 'probabilities': [round(v, 6) for v in p.tolist()]})
    json.dump(reference, open(os.path.join(folder, 'reference.json'), 'w'), ensure_ascii=False, indent=1)
    e = t(['a nice day', 'you'], padding=True, return_tensors='pt')
    axes = {k: {0: 'batch', 1: 'length'} for k in inputs}
    torch.onnx.export(model, (), os.path.join(folder, 'model.onnx'), kwargs={k: e[k] for k in inputs}, input_names=list(inputs), output_names=['logits'], dynamic_axes={**axes, 'logits': {0: 'batch'}}, opset_version=17, dynamo=False)
    print(name, os.path.getsize(os.path.join(folder, 'model.onnx')), [r['probabilities'] for r in reference])


small = dict(max_position_embeddings=64)
write('bert-two', lambda n, labels: BertForSequenceClassification(BertConfig(vocab_size=n, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, num_labels=2, id2label=labels, **small)), ['non-toxic', 'toxic'], None, ('input_ids', 'attention_mask', 'token_type_ids'))
write('distilbert-many', lambda n, labels: DistilBertForSequenceClassification(DistilBertConfig(vocab_size=n, dim=16, n_layers=2, n_heads=2, hidden_dim=32, num_labels=3, id2label=labels, **small)), ['insult', 'threat', 'neutral'], 'multi_label_classification', ('input_ids', 'attention_mask'))
