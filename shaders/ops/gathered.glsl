// A row of terms for every place: where it begins and how many there are, and of each the value's place and share.
vec4 texel(int tile, ivec2 p) {
    vec4 row = read1(0, p);
    int first = int(row.x), last = first + int(row.y);
    vec4 sum = vec4(0.0);
    for (int k = first; k < last; k++) {
        vec4 term = read2(0, ivec2(k % u_shape2.z, k / u_shape2.z));
        int place = int(term.x);
        sum += term.y * read0(tile, ivec2(place % u_shape0.z, place / u_shape0.z));
    }
    return sum;
}
