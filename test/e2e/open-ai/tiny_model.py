"""Writes a transformer of Llama's kind with random weights, and a vocabulary of bytes, letters and a few words: half a megabyte."""
import sys

import gguf
import numpy

DIMENSIONS, HEADS, LAYERS, INNER = 64, 4, 2, 128
# Kinds of tokens, as GGUF counts them.
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6
SPACE = "\u2581"
LETTERS = SPACE + "etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLU.,!?0123456789"
WORDS = "the and of a to model token answer cat dog sees runs with every small".split()
TEMPLATE = "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}assistant:"

vocabulary = [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
vocabulary += [(f"<0x{byte:02X}>", BYTE) for byte in range(256)]
vocabulary += [(token, NORMAL) for token in [*LETTERS, *(SPACE + word for word in WORDS)]]
random = numpy.random.default_rng(1)
writer = gguf.GGUFWriter(sys.argv[1], "llama")


def weights(*shape):
    return (random.standard_normal(shape) * 0.3).astype(numpy.float32)


writer.add_context_length(512)
writer.add_embedding_length(DIMENSIONS)
writer.add_block_count(LAYERS)
writer.add_feed_forward_length(INNER)
writer.add_head_count(HEADS)
writer.add_head_count_kv(HEADS)
writer.add_rope_dimension_count(DIMENSIONS // HEADS)
writer.add_layer_norm_rms_eps(1e-5)
writer.add_vocab_size(len(vocabulary))
writer.add_tokenizer_model("llama")
writer.add_token_list([token.encode() for token, _ in vocabulary])
writer.add_token_types([kind for _, kind in vocabulary])
writer.add_token_scores([-float(place) if kind == NORMAL else -1000.0 for place, (_, kind) in enumerate(vocabulary)])
writer.add_unk_token_id(0)
writer.add_bos_token_id(1)
writer.add_eos_token_id(2)
writer.add_add_bos_token(True)
writer.add_chat_template(TEMPLATE)
writer.add_tensor("token_embd.weight", weights(len(vocabulary), DIMENSIONS))
writer.add_tensor("output.weight", weights(len(vocabulary), DIMENSIONS))
writer.add_tensor("output_norm.weight", numpy.ones(DIMENSIONS, numpy.float32))
for layer in range(LAYERS):
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.{layer}.{name}.weight", numpy.ones(DIMENSIONS, numpy.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.{layer}.{name}.weight", weights(DIMENSIONS, DIMENSIONS))
    for name, shape in (("ffn_gate", (INNER, DIMENSIONS)), ("ffn_up", (INNER, DIMENSIONS)), ("ffn_down", (DIMENSIONS, INNER))):
        writer.add_tensor(f"blk.{layer}.{name}.weight", weights(*shape))
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
