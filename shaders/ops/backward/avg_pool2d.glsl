vec4 texel(int tile, ivec2 p) {
    ivec2 stride = ivec2(STRIDE_W, STRIDE_H), padding = ivec2(PADDING_W, PADDING_H);
    ivec2 size = ivec2(KERNEL_SIZE_W, KERNEL_SIZE_H);
    ivec2 first = max(p + padding - size + stride, ivec2(0)) / stride;
    ivec2 last = min((p + padding) / stride, u_shape1.zy - 1);
    vec4 sum = vec4(0.0);
    for (int y = first.y; y <= last.y; y++) {
        for (int x = first.x; x <= last.x; x++) {
            ivec2 start = ivec2(x, y) * stride - padding;
            ivec2 end = min(start + size, u_shape0.zy + padding);
            ivec2 window = COUNT_INCLUDE_PAD == 1 ? end - start : min(end, u_shape0.zy) - max(start, ivec2(0));
            sum += read1(tile, ivec2(x, y)) / float(window.x * window.y);
        }
    }
    return sum;
}
