vec4 texel(int tile, ivec2 p) {
    ivec2 start = p * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H);
    vec4 number = read2(tile, p), found = vec4(0.0);
    for (int ky = 0; ky < KERNEL_SIZE_H; ky++) {
        for (int kx = 0; kx < KERNEL_SIZE_W; kx++) {
            ivec2 q = start + ivec2(kx, ky);
            if (!inside(q, u_shape1)) continue;
            found += mix(vec4(0.0), read1(tile, q), equal(number, vec4(ky * KERNEL_SIZE_W + kx)));
        }
    }
    return found;
}
