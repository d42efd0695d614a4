// What shaders begin with in which a workgroup looks over a whole tile of a map: its texels one after the other, and the sum of
// what all invocations found, which each of them gets.

layout(local_size_x = LANES) in;

shared vec4 s_found[LANES];

int me = int(gl_LocalInvocationIndex);
int my_tile = int(gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x);

vec4 total(vec4 own) {
    barrier();
    s_found[me] = own;
    barrier();
    for (int half_of = LANES / 2; half_of > 0; half_of /= 2) {
        if (me < half_of) s_found[me] += s_found[me + half_of];
        barrier();
    }
    return s_found[0];
}

ivec2 at_texel(int n) {
    int y = quotient(n, u_shape0.z);
    return ivec2(n - y * u_shape0.z, y);
}

// A map of two columns for every channel, and what is made behind it of all the texels that were looked over.
void store_sums(vec4 first, vec4 second, int count) {
    if (me == 0) {
        store(my_tile, ivec2(0), first);
        store(my_tile, ivec2(1, 0), second);
    }
#ifdef BEHIND
    g_sums = vec4[2](first, second);
    begin_behind(my_tile);
    for (int n = me; n < count; n += LANES) store_behind(at_texel(n));
    store_total();
#endif
}
