vec4 texel(int tile, ivec2 p) {
    ivec2 start = p * ivec2(STRIDE_W, STRIDE_H) - ivec2(PADDING_W, PADDING_H);
    vec4 most = vec4(-INFINITY);
    for (int ky = 0; ky < KERNEL_SIZE_H; ky++) {
        for (int kx = 0; kx < KERNEL_SIZE_W; kx++) {
            ivec2 q = start + ivec2(kx * DILATION_W, ky * DILATION_H);
            if (!inside(q, u_shape0)) continue;
            vec4 x = read0(tile, q);
            most = mix(x, most, lessThanEqual(x, most));  // a NaN wins, as in PyTorch
        }
    }
    return most;
}
