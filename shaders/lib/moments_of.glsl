// Mean and variance of a channel, of which `first` is the number of the first scratch: studio/bends/_moments.py says what the
// passes hold.

vec4 mean_of(int first, int tile) {
    vec4 found = scratch(first + 3, tile, ivec2(0));
#ifndef AT_ONCE
    found += scratch(first + 1, tile, ivec2(0));
#endif
    return found;
}

vec4 variance_of(int first, int tile) {
    vec4 found = scratch(first + 3, tile, ivec2(1, 0));
#ifndef AT_ONCE
    vec4 rest = scratch(first + 3, tile, ivec2(0));
    found = max(found - rest * rest, vec4(0.0));
#endif
    return found;
}
