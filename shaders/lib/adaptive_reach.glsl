// The windows of adaptive pooling that a pixel lies in, first and last, and where each window lies: `size` pixels were
// pooled to `count`.

void windows(ivec2 q, ivec2 size, ivec2 count, out ivec2 first, out ivec2 last) {
    first = q * count / size;
    last = min(((q + 1) * count + size - 1) / size, count) - 1;
}

void window_at(ivec2 p, ivec2 size, ivec2 count, out ivec2 from, out ivec2 to) {
    from = p * size / count;
    to = ((p + 1) * size + count - 1) / count;
}
