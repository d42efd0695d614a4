vec4 wave(vec4 x) {
    return sin(x);
}
