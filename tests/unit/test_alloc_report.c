static struct alloc_context context(enum zone_type highest, int nid)
{
	return (struct alloc_context){
		.zonelist = nodes[nid].zonelist[highest],
		.nodemask = NODE_MASK_ALL,
		.highest = highest,
		.nid = nid,
		.caller = CALLER_IS,
	};
}
