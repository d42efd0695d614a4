vec4 bent(int tile, ivec2 p) {
    return vec4(0.0);
}
