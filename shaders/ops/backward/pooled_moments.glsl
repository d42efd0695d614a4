// Column 0 the mean, column 1 the variance: of the parts' own, and of their means around the common one.
float share(int k) {
    float shares[8] = float[8](SHARE0, SHARE1, SHARE2, SHARE3, SHARE4, SHARE5, SHARE6, SHARE7);
    return shares[k];
}

vec4 texel(int tile, ivec2 p) {
    vec4 mean = vec4(0.0);
    for (int k = 0; k < INPUTS; k++) mean += share(k) * read(k, tile, ivec2(0));
    if (p.x == 0) return mean;
    vec4 variance = vec4(0.0);
    for (int k = 0; k < INPUTS; k++) {
        vec4 apart = read(k, tile, ivec2(0)) - mean;
        variance += share(k) * (read(k, tile, ivec2(1, 0)) + apart * apart);
    }
    return variance;
}
