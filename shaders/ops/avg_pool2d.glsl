vec4 texel(int tile, ivec2 p) {
    ivec2 start = p * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H);
    ivec2 end = min(start + ivec2(KERNEL_SIZE_W, KERNEL_SIZE_H), u_shape0.zy + ivec2(PADDING_W, PADDING_H));
    ivec2 from = max(start, ivec2(0));
    ivec2 to = min(end, u_shape0.zy);
    vec4 sum = vec4(0.0);
    for (int y = from.y; y < to.y; y++) {
        for (int x = from.x; x < to.x; x++) sum += read0(tile, ivec2(x, y));
    }
    ivec2 window = COUNT_INCLUDE_PAD == 1 ? end - start : to - from;
    return sum / float(window.x * window.y);
}
