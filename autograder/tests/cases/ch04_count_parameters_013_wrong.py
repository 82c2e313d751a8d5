# wrong: counts the weights and forgets the biases
# names: bias-forgotten
def count_parameters(input_shape, layers):
    counts = []
    shape = tuple(input_shape)
    for layer in layers:
        kind, options = layer[0], layer[1:]
        if kind == "conv":
            k = options[1] if isinstance(options[1], tuple) else (options[1], options[1])
            counts.append(k[0] * k[1] * shape[-1] * options[0])
        elif kind == "dense":
            counts.append(shape[-1] * options[0])
        else:
            counts.append(0)
        shape = trace_shapes(shape, [layer])[0]
    return counts
