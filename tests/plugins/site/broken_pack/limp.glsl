vec4 bent(int tile, ivec2 p) {
    return no_such_function(read0(tile, p));
}
