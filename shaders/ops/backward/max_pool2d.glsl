vec4 texel(int tile, ivec2 p) {
    vec4 sum = vec4(0.0);
    for (int ky = 0; ky < KERNEL_SIZE_H; ky++) {
        for (int kx = 0; kx < KERNEL_SIZE_W; kx++) {
            ivec2 from = p + ivec2(PADDING_W, PADDING_H) - ivec2(kx * DILATION_W, ky * DILATION_H);
            ivec2 window = from / ivec2(STRIDE_W, STRIDE_H);
            if (any(lessThan(from, ivec2(0))) || window * ivec2(STRIDE_W, STRIDE_H) != from) continue;
            if (!inside(window, u_shape1)) continue;
            bvec4 won = equal(read2(tile, window), vec4(ky * KERNEL_SIZE_W + kx));
            sum += mix(vec4(0.0), read1(tile, window), won);
        }
    }
    return sum;
}
